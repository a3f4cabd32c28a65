using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Messages;

/// <summary>
/// Gathers the headers of one message on its way in, and checks those that JetStream reads. What is wrong comes back as an
/// <see cref="InvalidValue"/> that names the header.
/// </summary>
public sealed class PublishHeaders
{
    private readonly List<KeyValuePair<string, string>> _pairs = [];
    private MessageFeatures _features;

    public bool IsEmpty => _pairs.Count == 0;

    /// <summary>Whether it adds to a counter: such a message has no payload.</summary>
    public bool IsIncrement => Has(MessageFeatures.Counter);

    /// <summary>Whether the message carries a CloudEvent, which may have no data.</summary>
    public bool IsEvent => Find(CloudEventAttributes.Prefix + CloudEventAttributes.SpecVersion) is not null;

    /// <summary>Whether one is for JetStream, and so about one message alone.</summary>
    public bool HasJetStreamHeaders =>
        _pairs.Exists(static pair => pair.Key.StartsWith(PublishHeaderRules.Prefix, StringComparison.Ordinal));

    /// <summary>Takes over the headers of others, which were checked; null: none.</summary>
    public void AddAll(PublishHeaders? others)
    {
        if (others is not null)
        {
            _pairs.AddRange(others._pairs);
            _features |= others._features;
        }
    }

    /// <summary>Begins with another message.</summary>
    public void Clear()
    {
        _pairs.Clear();
        _features = MessageFeatures.None;
    }

    /// <summary>
    /// Adds a header. What begins with <c>Nats-</c>, in any spelling, is one of <see cref="PublishHeaderRules"/> or refused, and has one
    /// value.
    /// </summary>
    /// <param name="name">The header's name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="given">How the client named it, where that is something else; for the error.</param>
    public InvalidValue? Add(string name, string value, string? given = null)
    {
        if (value.AsSpan().IndexOfAnyInRange('\0', '\u0008') >= 0)
        {
            return new InvalidValue(name, Value: null, $"{name}: the value has a control character");
        }

        if (!name.StartsWith(PublishHeaderRules.Prefix, StringComparison.OrdinalIgnoreCase))
        {
            _pairs.Add(new(name, value));
            return null;
        }

        var text = value.Trim();
        if (PublishHeaderRules.Find(name) is not { } rule)
        {
            return new InvalidValue(
                name,
                value,
                $"{name}: names that begin with {PublishHeaderRules.Prefix} are NATS's own; a message may have "
                + string.Join(", ", PublishHeaderRules.Names.Order(StringComparer.Ordinal)));
        }

        given ??= rule.Name;
        if (rule.Validate(text) is { } reason)
        {
            return new InvalidValue(given, value, $"{given}: {Quote(text)} {reason}");
        }

        if (Find(rule.Name) is { } before)
        {
            return string.Equals(before, text, StringComparison.Ordinal)
                ? null
                : new InvalidValue(
                    given, value, $"{given}: {Quote(text)} is another {rule.Name} than {Quote(before)}, and there is one only");
        }

        _pairs.Add(new(rule.Name, text));
        _features |= rule.Needs;
        return null;
    }

    /// <summary>The value of a header that JetStream reads; null where it is not there.</summary>
    public string? Find(string name)
    {
        foreach (var (known, value) in _pairs)
        {
            if (string.Equals(known, name, StringComparison.Ordinal))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The headers as they are sent.</summary>
    /// <param name="subject">Where the message is published.</param>
    /// <param name="headers">The headers; none where there are none.</param>
    /// <param name="needs">What they need; null: nothing.</param>
    /// <returns>What is wrong with them together; null: nothing.</returns>
    public InvalidValue? Build(Subject subject, out MessageHeaders headers, out MessageNeeds? needs)
    {
        (headers, needs) = (default, null);
        if (_pairs.Count == 0)
        {
            return null;
        }

        var rollsUpAll = Find(PublishHeaderRules.Rollup) is PublishHeaderRules.RollupAll;
        if (_features != MessageFeatures.None || rollsUpAll)
        {
            if (Validate(subject, out var target) is { } wrong)
            {
                return wrong;
            }

            needs = new MessageNeeds(_features, target)
            {
                Source = Subject.TryParse(Find(PublishHeaderRules.ScheduleSource), out var source, out _) ? source : null,
                Condition = SubjectFilter.TryParse(Find(PublishHeaderRules.ExpectedSubject), out var filter, out _) ? filter : null,
                RollsUpAll = rollsUpAll,
            };
        }

        return MessageHeaders.TryCreate(_pairs, out headers, out var reason) ? null : new InvalidValue("headers", Value: null, reason!);
    }

    private InvalidValue? Validate(Subject subject, out Subject? target)
    {
        target = null;
        if (Has(MessageFeatures.SequenceOfSubjects) && Find(PublishHeaderRules.ExpectedLastSubjectSequence) is null)
        {
            return Missing(PublishHeaderRules.ExpectedLastSubjectSequence, $"{PublishHeaderRules.ExpectedSubject} is nothing without it");
        }

        if (IsIncrement && _pairs.Exists(static pair => IsNotForCounters(pair.Key)))
        {
            return new InvalidValue(PublishHeaderRules.Increment, Find(PublishHeaderRules.Increment),
                $"{PublishHeaderRules.Increment}: a counter takes no {PublishHeaderRules.Expected}… and no {PublishHeaderRules.Rollup}");
        }

        return Has(MessageFeatures.Schedule) ? ValidateSchedule(subject, out target) : null;
    }

    private InvalidValue? ValidateSchedule(Subject subject, out Subject? target)
    {
        target = null;
        if (Find(PublishHeaderRules.Schedule) is not { } schedule)
        {
            return Missing(PublishHeaderRules.Schedule, $"the other {PublishHeaderRules.Schedule}-… are nothing without it");
        }

        if (Find(PublishHeaderRules.ScheduleTarget) is not { } text || !Subject.TryParse(text, out var parsed, out _))
        {
            return Missing(PublishHeaderRules.ScheduleTarget, "where the message is published when its time comes");
        }

        if (parsed == subject)
        {
            return new InvalidValue(PublishHeaderRules.ScheduleTarget, text,
                $"{PublishHeaderRules.ScheduleTarget}: it is the subject of the schedule itself; use another one of the same stream");
        }

        target = parsed;
        _features |= MessageSchedule.IsRepeated(schedule) ? MessageFeatures.RepeatedSchedule : MessageFeatures.None;
        return null;
    }

    // Not HasFlag, which allocates until the runtime has optimised it.
    private bool Has(MessageFeatures feature) => (_features & feature) != MessageFeatures.None;

    private static bool IsNotForCounters(string name) =>
        name is PublishHeaderRules.Rollup || name.StartsWith(PublishHeaderRules.Expected, StringComparison.Ordinal);

    private static InvalidValue Missing(string name, string reason) => new(name, Value: null, $"{name} is required: {reason}");

    private static string Quote(string text) => text.Length > 100 ? $"'{text[..100]}…'" : $"'{text}'";
}
