# DISCONNECT with a tone before the answer: the tone is heard for 20 s at most,
# and the cause of the first message stays.
> sip SETUP 1 called=0711123 media=198.51.100.7:40000
> span0 PROCEEDING c1 ch=1
> span0 PROGRESS c1 cause=17 progress=1
advance 19999
> span0 PROGRESS c1 cause=16 progress=1
advance 1
> sip RELEASED 1 cause=17
> span0 RELEASED c1 cause=17
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
> span0 ALERTING c2 ch=1
> span0 PROGRESS c2 cause=18 progress=1
> span0 RELEASE c2 cause=16
> span0 RELEASED c2 cause=16
> sip RELEASED 2 cause=18
# After the answer it ends the call at once.
> sip SETUP 3 called=0711123 media=198.51.100.7:40000
> span0 ANSWER c3 ch=1
> span0 PROGRESS c3 cause=16 progress=1
> span0 RELEASED c3 cause=16
> sip RELEASED 3 cause=16
