"""Files of people, in and out: the daily sheet, its template, exports, rejected rows.

Belongs here: what a column is called, how a cell is repaired or refused, how a row becomes a shipment. Does not belong
here: what becomes of a parcel afterwards (pipeline).
"""
