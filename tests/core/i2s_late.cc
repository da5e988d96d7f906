# The trunk hunts for long: PROGRESS before the caller's T310 of 10 s.
> span0 SETUP 1 called=0711123 ch=1
advance 7999
advance 1
advance 60000
> sip RELEASED c1 cause=18 detail=480
> span0 RELEASED 1 cause=18
