# Data calls: by the trunk that has clear_mode, the other one is passed over;
# the path is clear, without canceller. From SIP likewise.
routes none
route s0 to=0 match=0711*
route s0 to=1 match=0711*
route s0 to=0 match=030*
route t1 to=0 allow=*
conf clear_mode 1 1
> span0 SETUP 1 called=0711123 bearer=2 ch=1
> sip ANSWER c1 media=198.51.100.7:40000 pt=99 dtmf=0
advance 1000
> span0 RELEASE 1 cause=16
> sip RELEASED c1 cause=16
# This number has only trunks that carry none.
> span0 SETUP 2 called=030123 bearer=2 ch=1
> span0 RELEASED 2 cause=65
# And 56 kbit/s is not carried by any.
> span0 SETUP 3 called=0711123 bearer=3 ch=1
> span0 RELEASED 3 cause=65
# The one that can is down.
> sip END_STATE end=1
> span0 SETUP 4 called=0711123 bearer=2 ch=1
> span0 RELEASED 4 cause=38
> sip SETUP 5 end=1 called=0711123 bearer=2 media=198.51.100.7:40000 pt=97 dtmf=0
> span0 ANSWER c2 ch=4
> sip RELEASE 5 cause=16
> span0 RELEASED c2 cause=16
> sip RELEASED 5 cause=16
