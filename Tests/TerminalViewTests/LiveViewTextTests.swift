import Testing

@testable import TerminalView

/// A line of a live view.
struct LiveViewTextTests {
  @Test(arguments: [(5, "proc…"), (10, "processing"), (1, "…"), (0, "")])
  func `a line that is cut says so`(columns: Int, text: String) {
    #expect(LiveViewText("processing").cut(to: columns).plain == text)
  }

  @Test func `a cut goes through the pieces and leaves their looks`() {
    var line = LiveViewText("ab", .good)
    line.append("cd", .bad)
    line.append("ef")
    #expect(line.cut(to: 4).ansi == "\u{1B}[32mab\u{1B}[0m\u{1B}[31mc\u{1B}[0m\u{1B}[2m…\u{1B}[0m")
    #expect(line.cut(to: 6) == line)
  }

  @Test func `looks are escape sequences that end where they should`() {
    var line = LiveViewText("a", .good)
    line.append("b")
    #expect(line.ansi == "\u{1B}[32ma\u{1B}[0mb")
    #expect(line.plain == "ab")
  }

  @Test func `foreign text cannot act on the terminal`() {
    let line: LiveViewText = "\u{1B}[2Jkey\nnext"
    #expect(!line.ansi.contains("\u{1B}"))
    #expect(!line.ansi.contains("\n"))
  }

  @Test func `padding reaches a column and cuts nothing`() {
    var line = LiveViewText("abc")
    line.pad(to: 5)
    #expect(line.plain == "abc  ")
    line.pad(to: 2)
    #expect(line.plain == "abc  ")
  }
}
