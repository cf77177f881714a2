/// Finds the word that somebody probably meant.
package enum Spelling {
  /// `. Did you mean …?`, or nothing when no candidate is near: the end of a sentence.
  package static func suggestion(for word: String, among candidates: [String]) -> String {
    let limit = word.count < 3 ? 1 : max(2, min(3, word.count / 3))
    let scalars = EditDistance.scalars(word)
    let near = candidates.map { (EditDistance.between(scalars, EditDistance.scalars($0)), $0) }
      .filter { $0.0 <= limit }
    return near.min { $0.0 < $1.0 }.map { ". Did you mean \($0.1)?" } ?? ""
  }
}
