# T304, T310, T301 of the callee's side belong to the core.
conf t310 0 30
conf t301 0 180
> sip SETUP 1 called=0711123 media=198.51.100.7:40000
> span0 MORE c1 ch=1
advance 30000
> span0 RELEASED c1 cause=28
> sip RELEASED 1 cause=28
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
> span0 PROCEEDING c2 ch=1
advance 30000
> span0 RELEASED c2 cause=102
> sip RELEASED 2 cause=102
> sip SETUP 3 called=0711123 media=198.51.100.7:40000
> span0 ALERTING c3 ch=1
advance 180000
> span0 RELEASED c3 cause=19
> sip RELEASED 3 cause=19
> sip SETUP 4 called=0711123 media=198.51.100.7:40000
advance 12000
> span0 RELEASED c4 cause=102
> sip RELEASED 4 cause=102
> sip SETUP 5 called=0711123 media=198.51.100.7:40000
> span0 PROGRESS c5 ch=1 progress=1
advance 180000
> span0 RELEASED c5 cause=102
> sip RELEASED 5 cause=102
