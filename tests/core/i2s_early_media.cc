# 183 with media, then 180: PROGRESS with in-band once, no tone over media
# that is heard, ALERTING still says in-band.
> span1 SETUP 1 called=0711123 ch=1
> sip PROGRESS c1 media=198.51.100.7:40000
> media EVENT id=1 kind=1
> sip PROGRESS c1 media=198.51.100.7:40002
> sip ALERTING c1
> sip ANSWER c1 media=198.51.100.7:40002
> span1 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
