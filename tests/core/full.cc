# No call record free: refused with 47, with a CDR.
full
> span0 SETUP 1 called=0711123 calling=711999/n ch=1
> span0 RELEASED 1 cause=47
unfull
> span0 SETUP 2 called=0711123 ch=1
> span0 RELEASED 2 cause=16
> sip RELEASED c1 cause=16
