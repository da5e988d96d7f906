# The media engine has no time for more calls on span 0: nobody gets one there,
# from either side, but an emergency call does; a call there is goes on.
routes none
route t0 to=0 allow=0* match=*
route t0 to=1 allow=0* match=*
route s0 to=0 match=*
> span0 SETUP 1 called=0711123 ch=1
> sip ANSWER c1 media=198.51.100.7:40000
> media SPAN id=0 kind=1 full=1
> span0 SETUP 2 called=0711123 ch=2
> span0 RELEASED 2 cause=42
> span0 SETUP 3 called=112 ch=3
> sip ANSWER c2 media=198.51.100.7:40002
> span0 RELEASED 3 cause=16
> sip RELEASED c2 cause=16
# The next line takes it, if there is a route to it.
> sip SETUP 4 called=0711 media=198.51.100.7:40004
> span1 ANSWER c3 ch=1
> sip RELEASED 4 cause=16
> span1 RELEASED c3 cause=16
# All are full.
> media SPAN id=1 kind=1 full=1
> sip SETUP 5 called=0711 media=198.51.100.7:40004
> sip RELEASED 5 cause=42
> sip SETUP 6 called=112 media=198.51.100.7:40004
> span0 ANSWER c4 ch=2
> sip RELEASED 6 cause=16
> span0 RELEASED c4 cause=16
# There is time again.
> media SPAN id=0 kind=1 full=0
> sip SETUP 7 called=0711 media=198.51.100.7:40004
> span0 ANSWER c5 ch=2
> sip RELEASED 7 cause=16
> span0 RELEASED c5 cause=16
> span0 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
