# Digit by digit: SETUP ACK, further digits, T302; then a number that fits
# exactly goes at once; then one that never fits.
routes none
route s0 to=0 match=0711*
route s0 to=1 match=030123
> span0 SETUP 1 complete=0 ch=1
> span0 DIGITS 1 called=07
advance 3000
> span0 DIGITS 1 called=11
> span0 DIGITS 1 called=5
advance 4999
advance 1
> span0 DIGITS 1 called=6
> sip RELEASED c1 cause=1
> span0 RELEASED 1 cause=1
> span0 SETUP 2 called=030 complete=0 ch=1
> span0 DIGITS 2 called=123
> span0 RELEASED 2 cause=16
> sip RELEASED c2 cause=16
> span0 SETUP 3 called=07 complete=0 ch=1
advance 15000
> span0 RELEASED 3 cause=28
> span0 SETUP 4 called=0800 complete=0 ch=1
> span0 RELEASED 4 cause=1
> span0 SETUP 5 called=07 complete=0 ch=1
> span0 DIGITS 5 called=01234567890123456789012345678901234
> span0 RELEASED 5 cause=28
> span0 SETUP 6 called=07 complete=0 ch=1
> span0 RELEASE 6 cause=16
> span0 RELEASED 6 cause=16
> span0 SETUP 7 called=07 complete=0 ch=1
> span0 DIGITS 7 called=11 complete=1
> span0 RELEASED 7 cause=16
> sip RELEASED c3 cause=16
# One digit in the SETUP is a beginning, although a pattern takes it.
route s0 to=0 match=9*
reload
> span0 SETUP 8 called=9 complete=0 ch=1
> span0 DIGITS 8 called=1
advance 5000
> span0 RELEASED 8 cause=16
> sip RELEASED c4 cause=16
