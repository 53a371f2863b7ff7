"""Another file of that name, with another `layers` beside it, imported when it is called."""
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 1, 1)

    def forward(self, x):
        from layers import twice
        return twice(self.conv(x))


def build():
    return Net()
