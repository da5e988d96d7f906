# User side: 180 without media, so nothing is promised; then RTP comes all the
# same and the line is told, once.
> span0 SETUP 1 called=0711123 ch=1
> sip ALERTING c1 media=198.51.100.7:40000
> media EVENT id=1 kind=1
> media EVENT id=1 kind=1
> span0 RELEASE 1 cause=16
> span0 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
