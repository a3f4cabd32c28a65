using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>What was found wrong (the process must not start) and what was merely odd (it may), one line each.</summary>
internal sealed class Reports
{
    private readonly List<string> _problems = [];
    private readonly List<string> _warnings = [];
    private readonly List<(string Subject, string Meant, string Origin)> _misspelt = [];

    internal IReadOnlyList<string> Problems => _problems;

    internal IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Unknown names that resemble a known key, and that key.</summary>
    internal IReadOnlyList<(string Subject, string Meant, string Origin)> Misspelt => _misspelt;

    /// <summary>A warning about a name that no key has, with the key that was probably meant.</summary>
    internal void Unknown(string subject, string? meant, string what, string origin = "")
    {
        Warning(subject, meant is null ? $"{what}, ignored" : $"{what}, ignored (did you mean {meant}?)", origin);
        if (meant is not null)
        {
            _misspelt.Add((subject, meant, origin));
        }
    }

    /// <param name="subject">The key, option, variable or file that is wrong.</param>
    /// <param name="complaint">What is wrong with it.</param>
    /// <param name="origin">Where it was written; reads on after a comma: "in config.yaml". Empty where there is no such place.</param>
    internal void Problem(string subject, string complaint, string origin = "") => _problems.Add(Line(subject, complaint, origin));

    /// <inheritdoc cref="Problem"/>
    internal void Warning(string subject, string complaint, string origin = "") => _warnings.Add(Line(subject, complaint, origin));

    private static string Line(string subject, string complaint, string origin) =>
        PlainText.OneLine(origin.Length == 0 ? $"{subject}: {complaint}" : $"{subject}: {complaint}, {origin}");
}
