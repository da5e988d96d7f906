# Glare and missing channels: the same span again, twice at most; then the
# next route; a cause that means that line only is not passed on.
> sip SETUP 1 called=0711123 media=198.51.100.7:40000
> span0 RELEASED c1 cause=44
> span0 PROCEEDING c2 ch=4
> span0 RELEASED c2 cause=6
> span0 RELEASED c3 cause=82
> sip RELEASED 1 cause=34
# The span is full: no use to try again.
> span0 END_STATE up free=0
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
> span0 RELEASED c4 cause=34
> sip RELEASED 2 cause=34
