# The first trunk fails, the second takes the call; its refusal is the last
# word. A trunk that is down is not even tried.
> span0 SETUP 1 called=0711123 ch=1
> sip PROCEEDING c1
> sip RELEASE c1 cause=41
> sip RELEASED c1 cause=16
> sip PROCEEDING c2
> sip RELEASED c2 cause=34
> span0 RELEASED 1 cause=34
> sip END_STATE end=0
> span0 SETUP 2 called=0711123 ch=1
> sip ALERTING c3
> sip RELEASED c3 cause=41
> span0 RELEASED 2 cause=41
> sip END_STATE end=1
> span0 SETUP 3 called=0711123 ch=1
> span0 RELEASED 3 cause=38
