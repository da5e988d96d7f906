# The other party of a trunk's call is taken over by another call of the trunk,
# which is on hold then; one of the other trunk may not.
> sip SETUP 1 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c1 ch=31
> sip HOLD 1
> sip SETUP 2 end=1 other=1 media=198.51.100.8:40000
> sip RELEASED 2
> sip SETUP 3 other=1 media=198.51.100.9:40000 ref=new@example
> sip RELEASED 1 cause=16
> sip SETUP 4 other=1 media=198.51.100.9:40000
> sip RELEASED 4
> sip RELEASE 3 cause=16
> sip RELEASED 3 cause=16
> span0 RELEASED c1 cause=16
# One that rings is picked up.
> span0 SETUP 5 called=0711222 ch=3
> sip ALERTING c2
> sip SETUP 6 other=c2 media=198.51.100.9:40000 ref=pick@example
> sip RELEASED c2 cause=26
> span0 RELEASE 5 cause=16
> span0 RELEASED 5 cause=16
> sip RELEASED 6 cause=16
