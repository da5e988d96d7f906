# Roles die under a transfer. The sip role is not there when the target refuses:
# the next one is told.
routes none
route t0 to=0 allow=+49* match=+497111*
route t0 to=1 allow=+49* match=+497119*
> sip SETUP 1 called=+49711123 calling=+4930555 media=198.51.100.7:40000
> span0 ANSWER c1 ch=31
> sip SNAPSHOT 1 of 1
> sip TRANSFER 1 transfer=1 called=+49711999
down sip
> span1 RELEASED c2 cause=17
up sip
# It is not there when the target answers: the next one clears.
> sip TRANSFER 1 transfer=1 called=+49711999
down sip
> span1 ANSWER c3 ch=1
up sip
advance 100
# The death of the sip role does not matter to the two lines.
down sip
up sip
# That of a line's ends them.
down span1
> span0 RELEASED c1 cause=41
