# Blind, to a number behind the other line; who asks hangs up, and is told.
routes none
route t0 to=0 allow=+49* match=+497111*
route t0 to=1 allow=+49* match=+497119*
> sip SETUP 7 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c1 ch=31
> sip TRANSFER 7 transfer=1 called=+49711999
> span1 PROCEEDING c2 ch=1
> sip RELEASE 7 cause=16
> span1 ALERTING c2
advance 70000
> span1 ANSWER c2 ch=1
> sip RELEASED 7 cause=16
> span1 RELEASED c2 cause=16
> span0 RELEASED c1 cause=16
# The other line refuses; the parties are as before. Then it rings, and the
# transferred party gives up.
> sip SETUP 8 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c3 ch=31
> sip TRANSFER 8 transfer=1 called=+49711999
> span1 RELEASED c4 cause=17
> sip TRANSFER 8 transfer=1 called=+49711999
> span1 ALERTING c5 ch=1
> sip TRANSFER 8 transfer=1 called=+49711999
> span0 RELEASE c3 cause=16
> span0 RELEASED c3 cause=16
> span1 RELEASED c5 cause=16
> sip RELEASED 8 cause=16
# Who has asked is gone when the target refuses.
> sip SETUP 9 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c6 ch=31
> sip TRANSFER 9 transfer=1 called=+49711999
> sip RELEASE 9 cause=16
> span1 RELEASED c7 cause=17
> sip RELEASED 9 cause=16
> span0 RELEASED c6 cause=16
# No route of either; the other line is down.
> sip SETUP 10 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c8 ch=31
> sip TRANSFER 10 transfer=1 called=+49711555
down span1
> sip TRANSFER 10 transfer=1 called=+49711999
> sip RELEASED 10 cause=16
> span0 RELEASED c8 cause=16
