# The line plays its own ringback: PROGRESS and ALERTING with in-band give 183
# and 180 with media, and the path is open towards the trunk.
> sip SETUP 1 called=0711123 calling=+4930555 media=198.51.100.7:40000
> span0 PROCEEDING c1 ch=1
> span0 PROGRESS c1 progress=2
> span0 PROGRESS c1 progress=1
> span0 ALERTING c1 progress=1
> span0 ALERTING c1 progress=1
> span0 ANSWER c1
> span0 RELEASED c1 cause=16
> sip RELEASED 1 cause=16
# Only in ALERTING; and already in CALL PROCEEDING.
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
> span0 ALERTING c2 ch=2 progress=1
> sip RELEASED 2 cause=16
> span0 RELEASED c2 cause=16
> sip SETUP 3 called=0711123 media=198.51.100.7:40000
> span0 PROCEEDING c3 ch=3 progress=1
> span0 PROGRESS c3
> sip RELEASED 3 cause=16
> span0 RELEASED c3 cause=16
