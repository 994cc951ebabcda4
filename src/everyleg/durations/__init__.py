"""How long stages and joints take: histograms that can be taken back, survival curves and hazards out of them.

Belongs here: learning from journeys and answering how soon something happens next. Does not belong here: what to do
about it (`planner`, alerts, estimates of arrival).
"""
