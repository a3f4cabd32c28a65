namespace Httpmq.Api.Json;

/// <summary>
/// On a contract that a converter reads by hand: what each of its elements would be for the framework, for the texts of errors, and which
/// fields it knows besides.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class ReadByHandAttribute(Type element, params string[] otherFields) : Attribute
{
    public Type Element { get; } = element;

    public IReadOnlyList<string> OtherFields { get; } = otherFields;
}

/// <summary>A body that can say cheaply that none of its fields is unknown, and knows of fields that are no mistake.</summary>
internal interface IKnowsItsFields
{
    /// <summary>Whether the text can hold nothing but known fields, so that it is not read again.</summary>
    bool IsAllKnown(ReadOnlySpan<byte> body);

    /// <summary>Whether its fields hold arrays of objects, whose fields are looked at as well.</summary>
    bool HasElements => false;

    /// <summary>Whether a body with this field is something else that may be sent as well, and is not looked into.</summary>
    bool Permits(string field);
}
