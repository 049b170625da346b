"""The plan that pays: Faithful Group Shapley Values of sellers with both of their errors."""
