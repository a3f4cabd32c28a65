using System.Text;
using System.Text.Json.Nodes;

namespace Httpmq.Tests.Support;

/// <summary>One line of a subscription.</summary>
internal sealed record DeliveredLine(JsonNode Json)
{
    public bool Success => (bool)Json["success"]!;

    public ulong StreamSequence => (ulong)Json["sequence"]!["stream"]!;

    public ulong ConsumerSequence => (ulong)Json["sequence"]!["consumer"]!;

    public byte[] Bytes => Convert.FromBase64String((string)Json["b64_msg"]!);

    public string Text => Encoding.UTF8.GetString(Bytes);
}

/// <summary>A subscription as a client sees it: headers, then lines.</summary>
internal sealed class OpenStream(HttpResponseMessage response, Stream body) : IAsyncDisposable
{
    private readonly StreamReader _reader = new(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    private Task<string?>? _reading;

    public HttpResponseMessage Response => response;

    /// <summary>The next line; fails when the stream ends or nothing comes.</summary>
    public async Task<DeliveredLine> NextAsync(TimeSpan? timeLimit = null) =>
        await NextOrEndAsync(timeLimit) ?? throw new AssertionException("the stream ended");

    /// <summary>The next line, or null at the end of the stream; fails when nothing comes.</summary>
    public async Task<DeliveredLine?> NextOrEndAsync(TimeSpan? timeLimit = null)
    {
        var reading = _reading ??= _reader.ReadLineAsync();
        var line = await reading.WaitAsync(timeLimit ?? Eventually.TimeLimit);
        _reading = null;
        return line is null ? null : new DeliveredLine(JsonNode.Parse(line)!);
    }

    /// <summary>Whether a line is there within a time in which none is expected.</summary>
    public async Task<bool> IsSilentAsync(TimeSpan timeLimit)
    {
        _reading ??= _reader.ReadLineAsync();
        try
        {
            await _reading.WaitAsync(timeLimit);
            return false;
        }
        catch (TimeoutException)
        {
            return true;
        }
    }

    public async Task<IReadOnlyList<DeliveredLine>> TakeAsync(int count)
    {
        var lines = new List<DeliveredLine>();
        while (lines.Count < count)
        {
            lines.Add(await NextAsync());
        }

        return lines;
    }

    public ValueTask DisposeAsync()
    {
        response.Dispose();
        _reader.Dispose();
        return ValueTask.CompletedTask;
    }
}
