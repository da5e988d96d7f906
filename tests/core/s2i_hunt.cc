# Two spans for one number, with strip and prefix for the second.
routes none
route t0 to=0 allow=0*
route t0 to=1 allow=0* strip=1 prefix=9
> sip SETUP 1 called=0711123 media=198.51.100.7:40000
> span0 PROCEEDING c1 ch=1
> span0 RELEASED c1 cause=38
> span1 PROCEEDING c2 ch=7
> span1 ANSWER c2
> span1 RELEASED c2 cause=16
> sip RELEASED 1 cause=16
# The first span's role is gone.
down span0
> sip SETUP 2 called=0711123 media=198.51.100.7:40000
> span1 RELEASED c3 cause=17
> sip RELEASED 2 cause=17
