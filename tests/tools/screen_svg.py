#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""screen_svg.py <CAPTURE >SVG: a terminal's screen, as `tmux capture-pane -p -e` gives it, as a
picture. One cell is 8 x 17 pixels; colours are those of a dark terminal."""
import re
import sys
import unicodedata
from xml.sax.saxutils import escape

WIDTH, HEIGHT, BASE, MARGIN = 8, 17, 13, 8
GROUND, INK = '#16181d', '#d0d3da'
COLOURS = ('#3b3f4a', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d0d3da',
           '#6b7080', '#ff8089', '#b5e890', '#ffd98a', '#82c7ff', '#e096f0', '#7adbe6', '#ffffff')
SGR = re.compile(r'\x1b\[([0-9;]*)m')
OTHER = re.compile(r'\x1b\([A-Z0-9]|\x1b\[[0-9;?]*[A-Za-ln-z]|[\x0e\x0f]')


def palette(number):
  """Of the 256 colours: 16, a cube of 6 x 6 x 6, and greys."""
  if number < 16:
    return COLOURS[number]
  if number >= 232:
    return '#' + '%02x' % (8 + 10 * (number - 232)) * 3
  levels = (0, 95, 135, 175, 215, 255)
  number -= 16
  return '#%02x%02x%02x' % (levels[number // 36], levels[number // 6 % 6], levels[number % 6])


class Style:
  def __init__(self):
    self.reset()

  def reset(self):
    self.ink = self.ground = None
    self.bold = self.dim = self.line = self.turned = False

  def take(self, text):
    """Parameters of one SGR sequence."""
    codes = [int(c or 0) for c in text.split(';')]
    while codes:
      code = codes.pop(0)
      if code == 0:
        self.reset()
      elif code in (1, 2, 4, 7):
        setattr(self, {1: 'bold', 2: 'dim', 4: 'line', 7: 'turned'}[code], True)
      elif code == 22:
        self.bold = self.dim = False
      elif code in (24, 27):
        setattr(self, {24: 'line', 27: 'turned'}[code], False)
      elif code in (38, 48) and codes[:1] == [5]:
        setattr(self, 'ink' if code == 38 else 'ground', palette(codes[1]))
        del codes[:2]
      elif code in (39, 49):
        setattr(self, 'ink' if code == 39 else 'ground', None)
      elif code // 10 in (3, 9):
        self.ink = COLOURS[code % 10 + (8 if code >= 90 else 0)]
      elif code // 10 in (4, 10):
        self.ground = COLOURS[code % 10 + (8 if code >= 100 else 0)]

  def now(self):
    """(ink, ground or None, CSS classes)"""
    ink, ground = self.ink or INK, self.ground
    if self.turned:
      ink, ground = ground or GROUND, ink
    return ink, ground, ''.join(c for c, on in
                                (('b', self.bold), ('d', self.dim), ('u', self.line)) if on)


def runs(line, style):
  """(column, text, look) of each part of a line that looks the same."""
  column = 0
  for i, part in enumerate(SGR.split(OTHER.sub('', line))):
    if i % 2:
      style.take(part)
    elif part:
      yield column, part, style.now()
      column += sum(2 if unicodedata.east_asian_width(c) in 'WF' else 1 for c in part)


def draw(lines):
  boxes, texts, columns, style = [], [], 0, Style()
  for row, line in enumerate(lines):
    for column, text, (ink, ground, classes) in runs(line, style):
      columns = max(columns, column + len(text))
      left, top = MARGIN + column * WIDTH, MARGIN + row * HEIGHT
      if ground:
        boxes.append('<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>'
                     % (left, top, len(text) * WIDTH, HEIGHT, ground))
      shown = text.rstrip()
      if shown:
        texts.append('<text x="%d" y="%d" textLength="%d" fill="%s"%s>%s</text>'
                     % (left, top + BASE, len(shown) * WIDTH, ink,
                        ' class="%s"' % ' '.join(classes) if classes else '', escape(shown)))
  width, height = 2 * MARGIN + columns * WIDTH, 2 * MARGIN + len(lines) * HEIGHT
  return '\n'.join(
    ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
     'font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="13" xml:space="preserve">'
     % (width, height, width, height),
     '<style>text{white-space:pre}.b{font-weight:bold}.d{opacity:.6}'
     '.u{text-decoration:underline}</style>',
     '<rect width="%d" height="%d" rx="6" fill="%s"/>' % (width, height, GROUND)]
    + boxes + texts + ['</svg>', ''])


def main():
  if len(sys.argv) > 1:
    print(__doc__, file=sys.stderr)
    return 0 if sys.argv[1] in ('-h', '--help') else 2
  sys.stdin.reconfigure(encoding='utf-8')
  sys.stdout.reconfigure(encoding='utf-8')
  sys.stdout.write(draw(sys.stdin.read().rstrip('\n').split('\n')))
  return 0


if __name__ == '__main__':
  sys.exit(main())
