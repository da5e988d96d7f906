# A line calls; the trunk rings, answers, hangs up. User side: the network
# makes ringback, so ALERTING says nothing of in-band and no tone is played.
> span0 SETUP 1 called=0711123 calling=711999/n ch=5 name=Anna ref=0x0001
advance 100
> sip PROCEEDING c1 ref=call-1@example
advance 1000
> sip ALERTING c1
advance 5000
> sip ANSWER c1 media=198.51.100.7:40000 connected=+49711123
advance 10000
> sip RELEASE c1 cause=16 loc=0
> span0 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
