namespace Httpmq.Checker;

/// <summary>Whether everything was answered in time, and everybody was served while nothing was broken for them.</summary>
internal sealed class AnswerCheck
{
    /// <summary>Who is not harmed loses less than one publish in ten, whatever else the machine does.</summary>
    private const int Tenth = 10;

    private readonly List<(long From, long Until, string What)> _requests = [];
    private readonly List<PublishEntry> _publishes = [];
    private readonly List<FaultWindow> _busy = [];

    public void Add(PublishEntry publish)
    {
        _publishes.Add(publish);
        _requests.Add(
            (publish.At, publish.Until, $"publish of {publish.Message} through {publish.Through}: {publish.Status} {publish.Detail}"));
    }

    public void Add(AckEntry ack) =>
        _requests.Add((ack.At, ack.Until, $"{ack.Consumer}: ack of {ack.Sequence}/{ack.ConsumerSequence}: {ack.Status} {ack.Detail}"));

    public void Add(RequestEntry request) =>
        _requests.Add((request.At, request.Until, $"{request.What}: {request.Status} {request.Detail}"));

    public void Add(BusyEntry busy) => _busy.Add(new FaultWindow(busy.At, busy.Until, "busy", FaultEffects.None));

    public void Report(Verdict verdict, CheckOptions options, FaultWindows faults)
    {
        ReportLate(verdict, options, faults);
        foreach (var window in faults.With(FaultEffects.HarmsNobody))
        {
            ReportStarved(verdict, options, window);
        }
    }

    private void ReportLate(Verdict verdict, CheckOptions options, FaultWindows faults)
    {
        var held = faults.With(FaultEffects.HoldsClients).Concat(_busy).ToList();
        foreach (var (from, until, what) in _requests)
        {
            if (until - from > options.AnswerLimit.TotalMicroseconds && !held.Exists(window => window.Overlaps(from, until)))
            {
                verdict.Add(
                    Breach.AnsweredLate, $"{what}, begun at {JournalChecker.Seconds(from)}, took {JournalChecker.Seconds(until - from)}");
            }
        }

        verdict.Figure("  moments without a processor", _busy.Count);
    }

    /// <summary>What the fault found under way, and the time that it takes to build up, are not held against anybody.</summary>
    private void ReportStarved(Verdict verdict, CheckOptions options, FaultWindow window)
    {
        var from = window.From + (long)options.BuildUp.TotalMicroseconds;
        foreach (var gateway in _publishes.Where(publish => publish.Through.Length > 0 && publish.At >= from && publish.At <= window.To)
            .GroupBy(publish => publish.Through, StringComparer.Ordinal))
        {
            var (all, stored) = (gateway.Count(), gateway.Count(publish => publish.Outcome is PublishOutcome.Stored));
            if (stored * Tenth < all * (Tenth - 1))
            {
                var failed = gateway.First(publish => publish.Outcome is not PublishOutcome.Stored);
                verdict.Add(Breach.Starved, $"{gateway.Key}: {stored} of {all} publishes were stored during '{window.What}', the first "
                    + $"failure: {failed.Status} {failed.Detail}");
            }
        }
    }
}
