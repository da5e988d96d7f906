# No line is left for a trunk's calls: sip is told, and told again when one is
# back. One of two lines is enough; a trunk without routes to lines is not judged.
routes none
route t0 to=0 allow=0*
route t0 to=1 allow=0*
> span0 END_STATE up
> span1 END_STATE end=1 up
> span0 END_STATE
> span1 END_STATE end=1
> span1 END_STATE end=1 up
down span1
> span0 END_STATE up
