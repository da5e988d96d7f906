# No RTP from the trunk: an alarm, back again, and at last the end.
> span0 SETUP 1 called=0711123 ch=1
> sip ANSWER c1 media=198.51.100.7:40000
> media EVENT id=1 kind=4
> media EVENT id=1 kind=5
> media EVENT id=1 kind=4
> media EVENT id=1 kind=6
> span0 RELEASED 1 cause=41
> sip RELEASED c1 cause=41
