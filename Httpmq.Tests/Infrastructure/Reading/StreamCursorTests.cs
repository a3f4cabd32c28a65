using Httpmq.Domain.Naming;
using Httpmq.Infrastructure.Connection;
using Httpmq.Infrastructure.Reading;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.Reading;

/// <summary>Which message comes next while others are being stored.</summary>
internal sealed class StreamCursorTests
{
    private const string NotFound = "\"error\":{\"code\":404,\"err_code\":10037,\"description\":\"no message found\"}";

    [TestCase(true)]
    [TestCase(false)]
    public async Task Next_StoredForOneFilterBetweenTheRequests_IsNotPassedOver(bool ahead)
    {
        await using var connection = await FakeConnection.OpenAsync();
        var asked = 0;
        connection.Server.Answer = subject => subject is "$JS.API.STREAM.MSG.GET.s"
            ? Answer(Interlocked.Increment(ref asked) switch
            {
                1 => NotFound,
                2 => Message("b", 11),
                _ => Message("a", 10),
            })
            : null;
        var api = new JetStreamApi(connection.Link, connection.Options, connection.Time);
        var cursor = new StreamCursor(api, StreamName.OfExisting("s"), [Filter("a"), Filter("b")]);

        var message = await (ahead ? cursor.NextAsync(5, CancellationToken.None) : cursor.FindAsync(5, CancellationToken.None));

        Assert.That((message?.Subject, message?.Sequence), Is.EqualTo(("a", 10UL)));
    }

    private static SubjectFilter Filter(string text) =>
        SubjectFilter.TryParse(text, out var filter, out _) ? filter : throw new ArgumentException(text, nameof(text));

    private static string Message(string subject, ulong sequence) =>
        $"\"message\":{{\"subject\":\"{subject}\",\"seq\":{sequence}}}";

    private static string Answer(string content) => $$"""{"type":"io.nats.jetstream.api.v1.stream_msg_get_response",{{content}}}""";
}
