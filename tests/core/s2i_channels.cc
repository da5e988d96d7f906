# isdn has tried other channels itself; the core goes to the next route. A
# cause that means that line only is not passed on.
routes none
route t0 to=0 allow=0*
route t0 to=1 allow=0*
> sip SETUP 1 called=0711123 media=198.51.100.7:40000
> span0 PROCEEDING c1 ch=4
> span0 RELEASED c1 cause=44
> span1 PROCEEDING c2 ch=4
> span1 RELEASE c2 cause=6
> span1 RELEASED c2 cause=16
> sip RELEASED 1 cause=34
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
> span0 RELEASED c3 cause=34
> span1 RELEASED c4 cause=82
> sip RELEASED 2 cause=34
