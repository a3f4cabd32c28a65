namespace Httpmq.Bench.Http2;

/// <summary>One request and its answer. Everything is called by the connection's one reader, in order.</summary>
internal abstract class Http2Stream
{
    /// <summary>What the server still takes of this request's body; guarded by the connection.</summary>
    internal long SendWindow { get; set; }

    /// <summary>Bytes received since the server was last told that it may send more.</summary>
    internal long Received { get; set; }

    internal int Id { get; set; }

    /// <summary>The status of the answer: 0 where it was none of the common ones.</summary>
    public virtual void OnStatus(int status)
    {
    }

    public virtual void OnData(ReadOnlySpan<byte> data)
    {
    }

    /// <summary>The server ended the answer.</summary>
    public virtual void OnEnd()
    {
    }

    /// <summary>The stream was reset, or the connection is gone.</summary>
    public virtual void OnFailed(string reason)
    {
    }
}
