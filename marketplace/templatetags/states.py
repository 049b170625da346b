"""The look of a state in templates."""

from django import template

from marketplace.basics.states import badge

register = template.Library()

register.filter(badge)
