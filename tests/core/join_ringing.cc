# A trunk connects one line to another one that it has called and that rings, or
# does not yet: its call to that one ends, and the two talk when it answers.
> sip SETUP 1 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c1 ch=31
> sip SETUP 2 called=+49711124 calling=+4930555 media=198.51.100.7:40002
> span0 ALERTING c2 ch=30
> sip TRANSFER 1 transfer=2 other=2
> sip RELEASED 2 cause=16
> sip RELEASE 1 cause=16
> span0 ANSWER c2
> sip RELEASED 1 cause=16
> span0 RELEASED c1 cause=16
> span0 RELEASED c2 cause=16
# It refuses; the parties are as before.
> sip SETUP 3 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c3 ch=31
> sip SETUP 4 called=+49711124 calling=+4930555 media=198.51.100.7:40002
> span0 PROCEEDING c4 ch=30
> sip TRANSFER 3 transfer=2 other=4
> span0 ALERTING c4
> sip RELEASED 4 cause=16
> span0 RELEASED c4 cause=17
> sip RELEASED 3 cause=16
> span0 RELEASED c3 cause=16
# One that the line has called rings at the trunk: not so.
> sip SETUP 5 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c5 ch=31
> span0 SETUP 6 called=0711222 ch=3
> sip ALERTING c6
> sip TRANSFER 5 transfer=2 other=c6
> sip RELEASED c6 cause=17
> span0 RELEASED 6 cause=17
> sip RELEASED 5 cause=16
> span0 RELEASED c5 cause=16
