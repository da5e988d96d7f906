# An emergency call finds the line full: the call that is missed least gives
# way, is told cause 8, and its channel is taken when it is free.
routes none
route t0 to=0 allow=0* match=*
route s0 to=0 match=*
> sip SETUP 1 called=0711 media=198.51.100.7:40000
> span0 PROCEEDING c1 ch=1
> span0 ANSWER c1 ch=1
> sip SETUP 2 called=0712 media=198.51.100.7:40002
> span0 PROCEEDING c2 ch=2
> span0 ALERTING c2 ch=2
> span0 END_STATE end=0 up free=0
> sip SETUP 3 called=112 media=198.51.100.7:40004
> span0 RELEASED c3 cause=34
> sip RELEASED 2 cause=8
> span0 RELEASED c2 cause=8
> span0 ANSWER c4 ch=2
# A second one: the answered call goes. The line is quicker and takes the
# channel; there is no other call to take, so this is the end.
> sip SETUP 4 called=112 media=198.51.100.7:40006
> span0 RELEASED c5 cause=34
> sip RELEASED 1 cause=8
> span0 RELEASED c1 cause=8
> span0 RELEASED c6 cause=34
> sip RELEASED 4 cause=34
# Channels are free: 34 is the network's own word, nobody gives way.
> span0 END_STATE end=0 up free=1
> sip SETUP 5 called=112 media=198.51.100.7:40006
> span0 RELEASED c7 cause=34
> sip RELEASED 5 cause=34
# The caller gives up while the other call is being cleared.
> span0 RELEASED c4 cause=16
> sip RELEASED 3 cause=16
> sip SETUP 6 called=0711 media=198.51.100.7:40000
> span0 ANSWER c8 ch=1
> span0 END_STATE end=0 up free=0
> sip SETUP 7 called=112 media=198.51.100.7:40004
> span0 RELEASED c9 cause=34
> sip RELEASED 7 cause=16
> span0 RELEASED c8 cause=8
> sip RELEASED 6 cause=8
# Anybody else on a full line is told so.
> sip SETUP 8 called=0711 media=198.51.100.7:40000
> span0 RELEASED c10 cause=34
> sip RELEASED 8 cause=34
