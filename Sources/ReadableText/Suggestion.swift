/// Finds the word that somebody probably meant, within a bound on its work.
package final class Suggestion {
  /// How many cells of distance tables are filled before no more words are suggested: some 20 ms.
  private static let cellsMax = 4_000_000

  private var cells = 0

  package init() {}

  /// ``. Did you mean `…`?``, or nothing when no candidate is near: the end of a sentence.
  package func text(for word: String, among candidates: some Sequence<String>) -> String {
    let letters = EditDistance.scalars(word)
    let limit = letters.count < 2 ? 0 : max(1, min(3, letters.count / 3))
    var best: (distance: Int, candidate: String)?
    for candidate in candidates where cells < Self.cellsMax {
      cells += 1
      // A letter has four bytes at most, so such words are too far from each other.
      guard candidate.utf8.count + limit >= letters.count, candidate.utf8.count <= 4 * (letters.count + limit)
      else { continue }
      let other = EditDistance.scalars(candidate)
      cells += other.count
      guard abs(other.count - letters.count) <= limit else { continue }
      cells += letters.count * other.count
      let distance = EditDistance.between(letters, other)
      if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best.map { ". Did you mean `\($0.candidate)`?" } ?? ""
  }

  /// The same for a word among a few.
  package static func text(for word: String, among candidates: [String]) -> String {
    Suggestion().text(for: word, among: candidates)
  }
}
