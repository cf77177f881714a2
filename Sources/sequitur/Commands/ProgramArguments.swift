import TerminalView

/// The arguments of the process.
///
/// Not `CommandLine.arguments`: it puts U+FFFD in place of what is no UTF-8, so that another file, or another object's key,
/// would be meant than the one that was named.
enum ProgramArguments {
  /// The arguments behind the program's name.
  ///
  /// - Throws: a ``CommandFailure`` that says which one is no UTF-8, and not what it is: it may be a secret.
  static func decode(
    _ words: UnsafePointer<UnsafeMutablePointer<CChar>?>, count: Int
  ) throws -> [String] {
    try (0..<count).dropFirst().compactMap { index in
      guard let word = words[index] else { return nil }
      guard let text = String(validatingCString: word) else {
        throw CommandFailure(
          "Expected arguments in UTF-8, but number \(index) is not. Give the file another name, or a key's bytes in "
            + "hexadecimal digits with --hex.")
      }
      return text
    }
  }
}
