"""Numbers, amounts and times in templates, written as everywhere."""

from django import template

from marketplace.basics.figures import amount, clock, count, day, decimals, duration, percent, plain_amount

register = template.Library()

for write in (amount, clock, count, day, decimals, duration, percent, plain_amount):
    register.filter(write)
