# Refused by the callee with a cause that is final: no other route.
> span0 SETUP 1 called=0711123 ch=1
> sip RELEASED c1 cause=17 loc=0 detail=486
> span0 RELEASED 1 cause=17
