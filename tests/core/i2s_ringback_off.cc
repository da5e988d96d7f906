# ringback off on a PBX span; on for a carrier span.
conf ringback 1 off
conf ringback 0 on
> span1 SETUP 1 called=0711123 ch=1
> sip ALERTING c1
> span1 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
> span0 SETUP 1 called=0711123 ch=1
> sip ALERTING c2
> sip RELEASED c2 cause=17 detail=486
> span0 RELEASED 1 cause=17
