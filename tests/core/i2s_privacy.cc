# A restricted caller: marked, without name; the trunk's own number asserted
# in the same way. Then screened, then two numbers.
conf number 0 +49711555
> span0 SETUP 1 called=0711123 calling=711999/nr ch=1 name=Anna
> span0 RELEASED 1 cause=16
> sip RELEASED c1 cause=16
> span0 SETUP 2 called=0711123 calling=711999/np ch=1 name=Anna
> span0 RELEASED 2 cause=16
> sip RELEASED c2 cause=16
> span0 SETUP 3 called=0711123 calling=711999/n asserted=711000/nw redirecting=711777/n ch=1
> span0 RELEASED 3 cause=16
> sip RELEASED c3 cause=16
