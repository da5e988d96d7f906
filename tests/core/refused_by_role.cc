# A call that the role has refused by itself: for the CDR alone.
> span0 SETUP 1 called=0711123 ch=1 cause=34
> span0 SETUP 1 called=0711123 ch=1
# The role says why.
> sip SETUP 1 called=0711123 cause=34 detail=max_calls
