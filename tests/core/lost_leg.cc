# RELEASED never comes: after a minute the leg is given up, the CDR written.
> span0 SETUP 1 called=0711123 ch=1
> sip ANSWER c1 media=198.51.100.7:40000
> span0 RELEASE 1 cause=16
advance 59999
advance 1
