namespace Httpmq.Tests.Architecture;

/// <summary>
/// The rooms of a project, from the bottom to the top. A room may know those below its own floor; rooms of one floor do not know each
/// other.
/// </summary>
/// <param name="project">The project, which is the namespace of its root and the top of all.</param>
/// <param name="floors">The rooms of each floor, separated by spaces.</param>
internal sealed class Rooms(string project, params string[] floors)
{
    private readonly Dictionary<string, int> _floors = floors
        .SelectMany((names, floor) => names.Split(' ').Select(name => (Name: $"{project}.{name}", Floor: floor)))
        .Append((Name: project, Floor: floors.Length))
        .ToDictionary(static room => room.Name, static room => room.Floor, StringComparer.Ordinal);

    /// <summary>What breaks the rule, as "from -> to"; also types in rooms that the plan does not have.</summary>
    public IEnumerable<string> Violations(IEnumerable<TypeReference> references) => references
        .Where(reference => IsOwn(reference.FromRoom) && IsOwn(reference.ToRoom) && !IsPermitted(reference.FromRoom, reference.ToRoom))
        .Select(static reference => $"{reference.From} -> {reference.To}")
        .Order(StringComparer.Ordinal);

    private bool IsOwn(string room) =>
        string.Equals(room, project, StringComparison.Ordinal) || room.StartsWith($"{project}.", StringComparison.Ordinal);

    private bool IsPermitted(string from, string to) =>
        _floors.TryGetValue(from, out var floor) && _floors.TryGetValue(to, out var other)
        && (string.Equals(from, to, StringComparison.Ordinal) || other < floor);
}
