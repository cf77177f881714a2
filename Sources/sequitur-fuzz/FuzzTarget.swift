/// A decoder of bytes from outside, and what its inputs are made from.
struct FuzzTarget: Sendable {
  /// Looks at one input after the other: its parts, such as a key and a payload.
  ///
  /// - Throws: ``FuzzFinding`` for an answer that is wrong. A trap, and an input that takes for ever, are seen from outside.
  typealias Reader = (_ parts: [[UInt8]]) throws(FuzzFinding) -> Void

  /// The name on the command line.
  let name: String
  /// What is decoded, in a few words.
  let about: String
  /// Inputs that are right, and some that nearly are.
  let corpus: [[[UInt8]]]
  /// Words that mean something to the decoder.
  let words: [String]
  /// A part is not made longer than this.
  var partBytesMax = 8 << 10
  /// Makes a reader that has seen nothing.
  let makeReader: @Sendable () -> Reader

  init(
    _ name: String, _ about: String, corpus: [[String]], words: [String],
    makeReader: @escaping @Sendable () -> Reader
  ) {
    self.init(
      name, about, bytes: corpus.map { $0.map { Array($0.utf8) } }, words: words, makeReader: makeReader)
  }

  init(
    _ name: String, _ about: String, bytes: [[[UInt8]]], words: [String],
    makeReader: @escaping @Sendable () -> Reader
  ) {
    self.name = name
    self.about = about
    corpus = bytes
    self.words = words
    self.makeReader = makeReader
  }

  /// The same with smaller inputs: of a file that is read as a whole, large ones show little that small ones do not.
  func limited(toBytes partBytesMax: Int) -> FuzzTarget {
    var target = self
    target.partBytesMax = partBytesMax
    return target
  }

  /// All of them.
  static let all: [FuzzTarget] = [
    .command, .changelog, .state, .json, .rules, .projection, .settings, .texts, .http, .gateway, .outbox,
  ]

  /// A reader begins anew after so many inputs. What it remembers of those before, such as the objects of commands, is so
  /// bounded, and a finding is had again from the beginning of its block.
  static let inputsPerReader: UInt64 = 256
}

/// An answer that is wrong.
struct FuzzFinding: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// What must hold of an answer.
func require(_ holds: Bool, _ what: @autoclosure () -> String) throws(FuzzFinding) {
  guard holds else { throw FuzzFinding(what()) }
}
