"""Networks: ``nn.Module`` classes only."""
