namespace Httpmq.Api.Http;

/// <summary>
/// What is to be said of a request beside its answer. A feature of the request, there only where there is something: requests that
/// are as they should be cost nothing.
/// </summary>
internal sealed class RequestNotes
{
    private readonly List<string> _warnings = [];

    /// <summary>Whether unknown names are refused: <c>?strict=true</c>.</summary>
    public bool IsStrict { get; init; }

    public void Warn(IEnumerable<string> warnings) => _warnings.AddRange(warnings);

    /// <summary>The warnings so far, for an answer that has some of its own already; null where there are none.</summary>
    public IReadOnlyList<string>? AddTo(IReadOnlyList<string>? others) =>
        _warnings.Count == 0 ? others : others is null ? _warnings : [.. _warnings, .. others];

    /// <summary>Whether there may be something to say.</summary>
    public static bool HasAny(HttpContext context) => context.Features.Get<RequestNotes>() is not null;

    /// <summary>The request's notes; they are begun where there are none.</summary>
    public static RequestNotes Of(HttpContext context)
    {
        if (context.Features.Get<RequestNotes>() is not { } notes)
        {
            notes = new RequestNotes();
            context.Features.Set(notes);
        }

        return notes;
    }
}
