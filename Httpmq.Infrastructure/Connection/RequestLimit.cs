namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// How long one request is waited for: until its time is up, its caller gives up, or nats-server says that the gateway's user may not
/// publish it.
/// </summary>
internal sealed class RequestLimit : IDisposable
{
    private const string Refusal = "Permissions Violation for Publish to \"";
    private const string SubscriptionRefusal = "Permissions Violation for Subscription to \"";
    private const string InQueue = "\" using queue \"";

    private readonly RequestLink _link;
    private readonly string _subject;
    private readonly CancellationTokenSource _ended;
    private volatile bool _isRefused;

    public RequestLimit(RequestLink link, string subject, TimeSpan timeout, CancellationToken cancellationToken)
    {
        (_link, _subject) = (link, subject);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _ended.CancelAfter(timeout);
        link.PublishRefused += OnRefused;
    }

    public CancellationToken Token => _ended.Token;

    public bool IsRefused => _isRefused;

    /// <summary>The subject in nats-server's error when it refuses a message for want of permission; null in any other error.</summary>
    public static string? SubjectOfRefusal(string error)
    {
        return SubjectAfter(Refusal, error);
    }

    /// <summary>As <see cref="SubjectOfRefusal"/>, of a subscription.</summary>
    public static string? SubjectOfRefusedSubscription(string error)
    {
        var queue = error.IndexOf(InQueue, StringComparison.Ordinal);
        return SubjectAfter(SubscriptionRefusal, queue < 0 ? error : error[..(queue + 1)]);
    }

    private static string? SubjectAfter(string words, string error)
    {
        var start = error.IndexOf(words, StringComparison.Ordinal);
        var end = error.LastIndexOf('"');
        return start >= 0 && end >= start + words.Length
            ? error[(start + words.Length)..end].Replace("\\\"", "\"", StringComparison.Ordinal)
                .Replace("\\\\", "\\", StringComparison.Ordinal)
            : null;
    }

    public void Dispose()
    {
        _link.PublishRefused -= OnRefused;
        _ended.Dispose();
    }

    private void OnRefused(string subject)
    {
        if (!string.Equals(subject, _subject, StringComparison.Ordinal))
        {
            return;
        }

        _isRefused = true;
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this moment.
        }
    }
}
