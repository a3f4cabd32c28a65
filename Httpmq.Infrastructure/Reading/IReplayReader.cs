namespace Httpmq.Infrastructure.Reading;

/// <summary>Who reads for a replay at the moment. Neither call waits, or calls back.</summary>
internal interface IReplayReader
{
    /// <summary>The client has taken so much that more may be asked for.</summary>
    void OnRoom();

    /// <summary>The replay takes no more.</summary>
    void OnOver();
}
